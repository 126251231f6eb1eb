import type { Database, Deadline } from '@faultline/service-kit'

export interface StoredUser {
  id: string
  passwordHash: string
  scopes: string[]
}

export interface UserRepository {
  findByName(username: string, deadline: Deadline): Promise<StoredUser | undefined>
}

export function createUserRepository(database: Database): UserRepository {
  return {
    async findByName(username, deadline) {
      const text = 'SELECT id, password_hash AS "passwordHash", scopes FROM users WHERE username = $1'
      const [user] = await database.query<StoredUser>(
        { name: 'find-user', text, values: [username] },
        deadline,
      )
      return user
    },
  }
}
